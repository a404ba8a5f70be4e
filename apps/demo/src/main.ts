import { startShop } from './start.js';

try {
  const shop = await startShop(process.env);
  let isEnding = false;
  const end = () => {
    // a terminal tells every process of its group, and whoever started this one may tell it again
    if (isEnding) return;
    isEnding = true;
    shop.stop().then(
      () => process.exit(0),
      (error) => {
        console.error(error);
        process.exit(1);
      },
    );
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, end);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
