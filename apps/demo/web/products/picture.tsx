import type { ComponentChildren } from 'preact';

const SHAPES: Readonly<Record<string, () => ComponentChildren>> = {
  mug: () => (
    <>
      <path d="M30 32h48v44a12 12 0 0 1-12 12H42a12 12 0 0 1-12-12z" class="ink2" />
      <path d="M78 42h10a12 12 0 0 1 0 24H78" class="line" />
      <path d="M30 42h48" class="line thin" />
    </>
  ),
  notebook: () => (
    <>
      <rect x="32" y="24" width="56" height="72" rx="4" class="ink1" />
      <path d="M44 24v72" class="line thin" />
      <path d="M54 44h24M54 56h24M54 68h16" class="line thin" />
    </>
  ),
  lamp: () => (
    <>
      <path d="M40 24h28l14 30H26z" class="ink1" />
      <path d="M54 54v34M36 92h36" class="line" />
      <circle cx="54" cy="58" r="5" class="ink2" />
    </>
  ),
  plant: () => (
    <>
      <path d="M42 68h36l-5 26H47z" class="ink2" />
      <path d="M60 68C60 48 48 36 34 34c2 16 10 28 26 34M60 68c0-24 8-38 26-42-1 20-8 34-26 42" class="ink3" />
    </>
  ),
  teapot: () => (
    <>
      <path d="M36 50h44v20a18 18 0 0 1-18 18h-8a18 18 0 0 1-18-18z" class="ink1" />
      <path d="M36 58 22 48M80 54c16-2 16 20 0 22M44 50c2-14 26-14 28 0M58 38v-6" class="line" />
    </>
  ),
  poster: () => (
    <>
      <rect x="30" y="20" width="60" height="80" rx="2" class="ink3" />
      <circle cx="60" cy="48" r="14" class="ink2" />
      <path d="M38 82c8-12 14 4 22-4s14 6 22-2" class="line thin" />
    </>
  ),
};

/** A drawing; what it shows stands beside it in words. */
export function Picture({ sku }: { readonly sku: string }) {
  return (
    <svg class="picture" viewBox="0 0 120 120" aria-hidden="true">
      {SHAPES[sku]?.()}
    </svg>
  );
}
