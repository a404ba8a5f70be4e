import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { type DeployEvent, RedisFunctions, type RedisFunctionsOptions } from '@redis-functions/core';
import { CliError } from '../output/cli-error.js';
import { exitBy, takeSignals } from '../output/signals.js';
import type { Terminal } from '../output/terminal.js';
import { type ConnectionOptions, DEFAULT_URL } from './options.js';
import { finalRefusal, withLastFailure } from './refusal.js';
import { sentinelNodes } from './sentinel-nodes.js';
import { toAddress } from './server-address.js';

/** Runs work on a connection that is closed whatever happens. */
export async function connected<T>(
  options: ConnectionOptions,
  terminal: Terminal,
  work: (functions: RedisFunctions) => Promise<T>,
  more: Partial<RedisFunctionsOptions> = {},
): Promise<T> {
  let last: Error | undefined;
  let refuse: (error: CliError) => void = () => {};
  const refused = new Promise<never>((_, reject) => {
    refuse = reject;
  });
  const functions = new RedisFunctions({
    ...whereOf(options, terminal),
    onError: (error) => {
      last = error;
      const final = finalRefusal(error);
      if (final) refuse(final);
    },
    mode: 'functions',
    deploy: 'none',
    deadlineMs: options.timeout,
    ...more,
  });
  const stopTelling = tellProgress(terminal);
  const giveBack = takeSignals((signal) => {
    // each step on a server is one of all or nothing; which of them were taken, only the servers know
    terminal.err('Interrupted. What was sent may have been done: redis-functions plan or list shows what is there.\n');
    exitBy(signal);
  });
  try {
    return await Promise.race([work(functions), refused]);
  } catch (error) {
    throw withLastFailure(error, last);
  } finally {
    stopTelling();
    await functions.close();
    giveBack();
  }
}

/** To a person: what has happened to which library on which server, as it happens. */
function tellProgress(terminal: Terminal): () => void {
  if (!terminal.isInteractive) return () => {};
  const tell = (event: unknown) => {
    const { node, library, version, action } = event as DeployEvent;
    terminal.err(`${node}: ${library}${version === undefined ? '' : ` ${version}`} ${action}\n`);
  };
  subscribe('redis-functions:deploy', tell);
  return () => unsubscribe('redis-functions:deploy', tell);
}

function whereOf({ url, cluster, sentinel }: ConnectionOptions, { env }: Terminal) {
  // an empty REDIS_URL is one that was not set
  const nodes = (url ?? (env['REDIS_URL'] || DEFAULT_URL)).split(',').map((node) => node.trim());
  if (cluster && sentinel !== undefined) {
    throw new CliError('Both --cluster and --sentinel are given. Give the one that the server is.', 2);
  }
  if (cluster) return { cluster: { nodes } };
  if (sentinel !== undefined) {
    const sentinels = sentinelNodes(nodes, env);
    // after those, which are looked at: the first is a URL
    const { username, password } = toAddress(nodes[0] as string);
    return { sentinel: { name: sentinel, nodes: sentinels, username, password } };
  }
  const [only = '', ...others] = nodes;
  if (others.length > 0) throw new CliError('Several URLs are given. Add --cluster, or --sentinel NAME.', 2);
  return { url: only };
}
