import { type ChildProcess, spawn } from 'node:child_process';

/**
 * Ends what this process started when this process ends, even by SIGKILL, which no handler of its own survives: a shell in
 * a session of its own reads a list from a pipe, and when the pipe closes it kills and removes what is still on the list.
 * The negative number is the process group, so that a server's forked child (a save, a rewrite) ends with it. A killed
 * server may still be writing for a moment, hence the second removal.
 */
const SCRIPT = `
trap '' INT TERM HUP
while IFS= read -r line; do
  case $line in
    +*) set -- "$@" "\${line#+}" ;;
    -*)
      left=$#
      while [ "$left" -gt 0 ]; do
        entry=$1; shift; left=$((left - 1))
        [ "$entry" = "\${line#-}" ] || set -- "$@" "$entry"
      done ;;
  esac
done
for entry; do case $entry in pid:*) kill -9 "-\${entry#pid:}" 2>/dev/null ;; esac; done
for round in 1 2; do
  for entry; do case $entry in dir:*) rm -rf "\${entry#dir:}" 2>/dev/null ;; esac; done
  [ "$round" = 1 ] && sleep 0.2
done
`;

const kept = new Set<string>();
let keeper: ChildProcess | undefined;

function add(entry: string): void {
  kept.add(entry);
  keeper ??= startKeeper();
  keeper.stdin?.write(`+${entry}\n`);
}

function release(entry: string): void {
  if (!kept.delete(entry)) return;
  keeper?.stdin?.write(`-${entry}\n`);
  if (kept.size > 0) return;
  // jest loads this module anew for every spec file: a keeper with nothing to keep must not stay until the worker ends
  keeper?.stdin?.end();
  keeper = undefined;
}

function startKeeper(): ChildProcess {
  const child = spawn('/bin/sh', ['-c', SCRIPT], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
  // neither it nor its pipe may keep this process alive
  child.unref();
  (child.stdin as unknown as { unref?(): void }).unref?.();
  // whoever kills the keeper takes the guarantee away, not the servers
  child.stdin?.on('error', () => {});
  return child;
}

/** Processes and folders that must not outlive this process. A process must lead a group of its own. */
export const keep = {
  process: (pid: number) => add(`pid:${pid}`),
  releaseProcess: (pid: number) => release(`pid:${pid}`),
  folder: (path: string) => add(`dir:${path}`),
  releaseFolder: (path: string) => release(`dir:${path}`),
};
