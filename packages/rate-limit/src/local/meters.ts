import type { Algorithm } from '../policy/algorithm.js';
import { Concurrency } from './concurrency.js';
import { FixedWindow } from './fixed-window.js';
import type { Meter } from './meter.js';
import { SlidingLog } from './sliding-log.js';
import { SlidingWindow } from './sliding-window.js';
import { TokenBucket } from './token-bucket.js';

export const METERS: Readonly<Record<Algorithm, new () => Meter>> = {
  'token-bucket': TokenBucket,
  'fixed-window': FixedWindow,
  'sliding-window': SlidingWindow,
  'sliding-log': SlidingLog,
  concurrency: Concurrency,
};
