import type { CartConfiguration } from '../options.js';
import type { CartLayout } from './layout.js';
import { ShopSlotLayout } from './shop-slot.js';
import { SplitLayout } from './split.js';

export function toLayout(config: CartConfiguration): CartLayout {
  return config.layout === 'split' ? new SplitLayout(config) : new ShopSlotLayout(config);
}
