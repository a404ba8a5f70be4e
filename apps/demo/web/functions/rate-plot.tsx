import { useEffect, useRef } from 'preact/hooks';
import type uPlot from 'uplot';
import type { TrafficView } from '../../src/functions/view.js';
import { axisOf, drawPlot } from '../shell/plot.js';

const HEIGHT = 120;
const KEPT = 60;

interface Moment {
  readonly at: number;
  readonly acknowledged: number;
}

/** How many calls per second have counted: a server that is away is a hole in it. */
export function RatePlot({ traffic: { acknowledged, isRunning } }: { readonly traffic: TrafficView }) {
  const box = useRef<HTMLDivElement>(null);
  const moments = useRef<Moment[]>([]);
  const plot = useRef<uPlot | null>(null);
  useEffect(() => {
    const element = box.current as HTMLDivElement;
    const drawn = drawPlot(element, optionsOf(element), [[], []]);
    plot.current = drawn.plot;
    return () => drawn.remove();
  }, []);
  useEffect(() => {
    const known = moments.current;
    // it begins at nothing again
    if ((known.at(-1)?.acknowledged ?? 0) > acknowledged) known.length = 0;
    known.push({ at: performance.now(), acknowledged });
    if (known.length > KEPT) known.shift();
    const rates = ratesOf(known);
    plot.current?.setData([rates.map((_, i) => i - rates.length + 1), rates]);
  }, [acknowledged]);
  const now = ratesOf(moments.current).at(-1) ?? 0;
  const text = isRunning ? `About ${Math.round(now)} calls per second.` : 'No calls now.';
  return (
    <div role="img" aria-label={`Calls that counted per second. ${text}`}>
      <div class="rate" ref={box} />
    </div>
  );
}

function ratesOf(moments: readonly Moment[]): number[] {
  return moments.slice(1).map((moment, i) => {
    const before = moments[i] as Moment;
    return ((moment.acknowledged - before.acknowledged) * 1_000) / Math.max(1, moment.at - before.at);
  });
}

function optionsOf(element: HTMLElement): Omit<uPlot.Options, 'width'> {
  const axis = axisOf(element);
  return {
    height: HEIGHT,
    scales: { x: { time: false }, y: { range: (_, __, most) => [0, Math.max(10, most * 1.1)] } },
    axes: [
      { ...axis, size: 28, values: (_, splits) => splits.map((at) => (at === 0 ? 'now' : '')) },
      { ...axis, size: 44, space: 24 },
    ],
    series: [{}, { stroke: axis.stroke, width: 2, fill: '#0b5c5522', points: { show: false } }],
  };
}
