#!/usr/bin/env node
import { processTerminal } from './output/process-terminal.js';
import { exitCodeOf, handleSignals } from './output/signals.js';
import { run } from './program.js';

const terminal = processTerminal();
handleSignals(() => terminal.err('Interrupted.\n'));
process.exitCode = exitCodeOf(await run(process.argv.slice(2), terminal));
