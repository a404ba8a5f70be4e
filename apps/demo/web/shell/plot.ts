import uPlot from 'uplot';

export interface DrawnPlot {
  readonly plot: uPlot;
  remove(): void;
}

/** A plot for eyes, as wide as its element whatever becomes of that: without a legend and without a cursor. */
export function drawPlot(
  element: HTMLElement,
  options: Omit<uPlot.Options, 'width'>,
  data: uPlot.AlignedData,
): DrawnPlot {
  const bare = { legend: { show: false }, cursor: { show: false }, width: element.clientWidth };
  const plot = new uPlot({ ...bare, ...options }, data, element);
  const sizes = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height: options.height }));
  sizes.observe(element);
  return {
    plot,
    remove() {
      sizes.disconnect();
      plot.destroy();
    },
  };
}

/** An axis in the colour of the text around it. */
export function axisOf(element: HTMLElement): uPlot.Axis & { stroke: () => string } {
  return {
    stroke: () => getComputedStyle(element).color,
    grid: { stroke: '#8884', width: 1 },
    ticks: { show: false },
    font: '12px system-ui, sans-serif',
  };
}
