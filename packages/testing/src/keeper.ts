import { type ChildProcess, spawn } from 'node:child_process';

/**
 * Ends what this process started when this process ends, even by SIGKILL, which no handler of its own survives: a shell in
 * a session of its own reads names from a pipe, and when the pipe closes it kills and removes what is still on its list.
 */
const SCRIPT = `
trap '' INT TERM HUP
pids=' '
dirs=' '
while IFS=' ' read -r verb value; do
  case $verb in
    +pid) pids="$pids$value " ;;
    -pid) pids=$(printf %s "$pids" | sed "s/ $value / /g") ;;
    +dir) dirs="$dirs$value " ;;
    -dir) rm -rf "$value"; dirs=$(printf %s "$dirs" | sed "s# $value # #g") ;;
  esac
done
for pid in $pids; do kill -9 "$pid" 2>/dev/null; done
for dir in $dirs; do rm -rf "$dir"; done
`;

let keeper: ChildProcess | undefined;

function tell(line: string): void {
  if (!keeper) {
    keeper = spawn('/bin/sh', ['-c', SCRIPT], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
    keeper.unref();
    // its pipe must not keep this process alive
    (keeper.stdin as unknown as { unref?(): void }).unref?.();
  }
  keeper.stdin?.write(`${line}\n`);
}

/** Processes and folders that must not outlive this process. */
export const keep = {
  process: (pid: number) => tell(`+pid ${pid}`),
  releaseProcess: (pid: number) => tell(`-pid ${pid}`),
  folder: (path: string) => tell(`+dir ${path}`),
  removeFolder: (path: string) => tell(`-dir ${path}`),
};
