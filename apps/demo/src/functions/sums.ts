import { type CallTally, quantile } from './call-statistics.js';
import type { ProcessReport } from './process-reports.js';
import type { CallsView, TrafficView } from './view.js';

/** What all processes have counted together, the most called first. */
export function callsOf(reports: readonly ProcessReport[]): CallsView[] {
  const sums = new Map<string, CallTally>();
  for (const [name, tally] of reports.flatMap(({ calls }) => calls)) {
    const { library, calls, refused, failed, durations } = sums.get(name) ?? {
      library: tally.library,
      calls: 0,
      refused: 0,
      failed: 0,
      durations: [],
    };
    sums.set(name, {
      library,
      calls: calls + tally.calls,
      refused: refused + tally.refused,
      failed: failed + tally.failed,
      durations: addUp(durations, tally.durations),
    });
  }
  return [...sums]
    .map(([functionName, { library, calls, refused, failed, durations }]) => ({
      functionName,
      library,
      calls,
      refused,
      failed,
      p50Ms: quantile(durations, 0.5),
      p99Ms: quantile(durations, 0.99),
    }))
    .sort((a, b) => b.calls - a.calls);
}

/** The traffic of all processes: of those that have had some, and do not any more, as well. */
export function trafficOf(reports: readonly ProcessReport[], now = Date.now()): TrafficView {
  const traffics = reports.flatMap(({ traffic }) => traffic ?? []);
  const sum = (of: 'acknowledged' | 'refused' | 'failed' | 'lost') =>
    traffics.reduce((total, each) => total + each[of], 0);
  const versions: Record<string, number> = {};
  for (const [version, answers] of traffics.flatMap((each) => Object.entries(each.versions))) {
    versions[version] = (versions[version] ?? 0) + answers;
  }
  return {
    isRunning: traffics.some(({ until }) => until > now),
    acknowledged: sum('acknowledged'),
    refused: sum('refused'),
    failed: sum('failed'),
    lost: sum('lost'),
    versions,
  };
}

/** As JSON gives them back: what was never counted is null there. */
function addUp(left: readonly (number | null)[], right: readonly (number | null)[]): number[] {
  return Array.from({ length: Math.max(left.length, right.length) }, (_, i) => (left[i] ?? 0) + (right[i] ?? 0));
}
