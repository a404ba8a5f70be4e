import { useEffect, useRef } from 'preact/hooks';
import type uPlot from 'uplot';
import { limits, serverNow } from '../live/state.js';
import { axisOf, drawPlot } from '../shell/plot.js';
import { isChosen } from './attempts.js';
import { type Outcome, recorded, SPAN_MS, STEP_MS } from './history.js';

const HEIGHT = 260;
/** Below zero, where the requests stand. */
const BAND = 3;
const CALM_STEP_MS = 1_000;
const DASHES: Readonly<Record<string, number[]>> = {
  fixed: [10, 4],
  sliding: [6, 3],
  log: [2, 3],
  leases: [12, 3, 2, 3],
};

/** What is left of each chosen policy in the last half minute. Drawn for eyes; the summary beside it says it in words. */
export function Plot({ summary }: { readonly summary: string }) {
  const box = useRef<HTMLDivElement>(null);
  const chosen = limits.value?.policies.filter(({ name }) => isChosen(name)) ?? [];
  const names = chosen.map(({ name }) => name);
  const most = Math.max(1, ...chosen.map(({ limit }) => limit));
  useEffect(() => {
    const element = box.current as HTMLDivElement;
    const drawn = drawPlot(element, optionsOf(element, names, most), dataOf(names));
    const step = matchMedia('(prefers-reduced-motion: reduce)').matches ? CALM_STEP_MS : STEP_MS;
    const timer = setInterval(() => drawn.plot.setData(dataOf(names)), step);
    return () => {
      clearInterval(timer);
      drawn.remove();
    };
  }, [names.join(), most]);
  return (
    <div role="img" aria-label={`What is left, over the last 30 seconds. Now, ${summary}`}>
      <div class="plot" ref={box} />
    </div>
  );
}

/** Seconds before now, then for each policy what is worked out and what the server said. */
function dataOf(names: readonly string[]): uPlot.AlignedData {
  const now = serverNow();
  const { moments } = recorded();
  const data: [number[], ...(number | null)[][]] = [moments.map(({ at }) => (at - now) / 1_000)];
  for (const name of names) {
    data.push(
      moments.map(({ left }) => left[name] ?? null),
      moments.map(({ said }) => said?.[name] ?? null),
    );
  }
  return data;
}

function optionsOf(element: HTMLElement, names: readonly string[], most: number): Omit<uPlot.Options, 'width'> {
  const colorOf = (name: string) => getComputedStyle(swatchOf(name) ?? element).color;
  const axis = axisOf(element);
  return {
    height: HEIGHT,
    scales: { x: { time: false, range: () => [-SPAN_MS / 1_000, 0] }, y: { range: () => [-BAND, most + 1] } },
    axes: [
      {
        ...axis,
        splits: () => [-30, -20, -10, 0],
        values: (_, splits) => splits.map((at) => (at ? `${at} s` : 'now')),
      },
      { ...axis, size: 36, splits: () => [0, most / 4, most / 2, (most * 3) / 4, most].filter(Number.isInteger) },
    ],
    series: [
      {},
      ...names.flatMap((name) => [
        { stroke: () => colorOf(name), width: 2, ...(DASHES[name] && { dash: DASHES[name] }), points: { show: false } },
        { stroke: () => colorOf(name), fill: () => colorOf(name), paths: () => null, points: { show: true, size: 6 } },
      ]),
    ],
    hooks: { draw: [drawOutcomes] },
  };
}

function swatchOf(name: string): Element | null {
  return document.querySelector(`.swatch.${name}`);
}

/** Requests: a stroke for one that passed, a cross for one that did not. */
function drawOutcomes(plot: uPlot): void {
  const now = serverNow();
  const { ctx } = plot;
  const y = plot.valToPos(-BAND / 2, 'y', true);
  const reach = 5 * devicePixelRatio;
  ctx.save();
  ctx.lineWidth = 1.5 * devicePixelRatio;
  for (const { at, outcome } of recorded().outcomes) {
    if (now - at > SPAN_MS) continue;
    const x = plot.valToPos((at - now) / 1_000, 'x', true);
    ctx.strokeStyle = colorOfOutcome(outcome);
    ctx.beginPath();
    if (outcome === 'passed') {
      ctx.moveTo(x, y - reach);
      ctx.lineTo(x, y + reach);
    } else {
      ctx.moveTo(x - reach, y - reach);
      ctx.lineTo(x + reach, y + reach);
      ctx.moveTo(x + reach, y - reach);
      ctx.lineTo(x - reach, y + reach);
    }
    ctx.stroke();
  }
  ctx.restore();
}

function colorOfOutcome(outcome: Outcome): string {
  return getComputedStyle(document.querySelector(`.outcome.${outcome}`) ?? document.body).color;
}
