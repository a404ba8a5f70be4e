#!/usr/bin/env node
import { processTerminal } from './output/process-terminal.js';
import { run } from './program.js';

const terminal = processTerminal();

/** By which a terminal, a person or a system ends a command, and what shells expect to see then. */
const SIGNALS = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;
for (const [signal, code] of Object.entries(SIGNALS)) {
  process.on(signal, () => {
    // test and debug have something to put in order first, and listen themselves
    if (process.listenerCount(signal) > 1) return;
    // each step on a server is one of all or nothing; which of them were taken, only the servers know
    terminal.err('Interrupted. What was sent may have been done: redis-functions plan or list shows what is there.\n');
    process.exit(code);
  });
}

process.exitCode = await run(process.argv.slice(2), terminal);
