// Which specs begin first: those that take longest, so that one worker is not left alone with one of them at the end.
// Without it Jest goes by what an earlier run took, which a fresh clone has not, or by size, which says little here.
import Sequencer from '@jest/test-sequencer';

const LONGEST = [
  'test/packaging/packaging',
  'rate-limit/test/model',
  'test/cart/crashes',
  'demo/test/process',
  'rate-limit/test/model-batches',
  'test/rate-limit/memory',
  'test/rate-limit/bad-days',
  'test/faults/',
  'test/topologies/sentinel',
  'demo/test/cluster',
];

const rank = ({ path }) => {
  const at = LONGEST.findIndex((part) => path.replaceAll('\\', '/').includes(part));
  return at === -1 ? LONGEST.length : at;
};

export default class LongestFirst extends Sequencer {
  sort(tests) {
    // the sort is stable: the others stay in the order of Jest
    return super.sort(tests).sort((left, right) => rank(left) - rank(right));
  }
}
