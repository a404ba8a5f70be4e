import type { CartConfiguration } from '../options.js';
import type { CartLayout } from './layout.js';
import { ShopSlotLayout } from './shop-slot.js';

export function toLayout(config: CartConfiguration): CartLayout {
  return new ShopSlotLayout(config);
}
