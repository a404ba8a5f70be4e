import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';

export interface ProcessInfo {
  pid: number;
  parent: number;
  /** `T` is frozen, `Z` has ended. */
  state: string;
  args: string;
}

/** What runs on this system, as the kernel says: a slim container has no ps, macOS has no /proc. */
export function processes(): ProcessInfo[] {
  return existsSync('/proc/self/stat') ? fromProc() : fromPs();
}

export function processInfo(pid: number): ProcessInfo | undefined {
  return processes().find((info) => info.pid === pid);
}

/** Of these processes those that run: one that has ended stays listed until its parent, or the system's first process, looks. */
export function living(pids: readonly number[]): number[] {
  const running = new Set(processes().flatMap(({ pid, state }) => (state.startsWith('Z') ? [] : [pid])));
  return pids.filter((pid) => running.has(pid));
}

function fromProc(): ProcessInfo[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        // "PID (NAME) STATE PARENT …", where a name may hold anything, brackets too
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
        const [state = '', parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
        const args = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
        return [{ pid: Number(name), parent: Number(parent), state, args }];
      } catch {
        // it ended in the meantime
        return [];
      }
    });
}

function fromPs(): ProcessInfo[] {
  const lines = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,stat=,args='], { encoding: 'utf8' }).trim().split('\n');
  return lines.map((line) => {
    const [, pid, parent, state = '', args = ''] = /^\s*(\d+)\s+(\d+)\s+(\S+)\s*(.*)$/.exec(line) ?? [];
    return { pid: Number(pid), parent: Number(parent), state, args };
  });
}
