// connect-redis 10's own test file, as it is in its package.
await import('../../../node_modules/connect-redis/index_test.ts' as string);

export {};
