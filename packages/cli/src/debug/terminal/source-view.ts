import type { DebugSession } from '../session.js';

/** Lines of the file around one: `->` where it is stopped, `#` where it will stop. */
export function sourceAround(session: DebugSession, line: number, around: number): string {
  const { source, state, breakpoints } = session;
  const first = Math.max(1, line - around);
  const last = Math.min(source.lines.length, line + around);
  const width = String(last).length;
  let text = '';
  for (let number = first; number <= last; number++) {
    const mark = state.kind === 'stopped' && state.line === number ? '->' : '  ';
    const stop = breakpoints.includes(number) ? '#' : ' ';
    text += `${mark}${stop}${String(number).padStart(width)}  ${source.lines[number - 1]?.trimEnd() ?? ''}`.trimEnd();
    text += '\n';
  }
  return text;
}
