import preset from '../../jest.preset.js';

const connectRedis = '<rootDir>/test/connect-redis';

export default {
  ...preset,
  displayName: 'express',
  // connect-redis's own tests run as they are in its package: with our store in the place of its own, and with jest
  transformIgnorePatterns: ['/node_modules/(?!connect-redis/index_test)'],
  moduleNameMapper: {
    ...preset.moduleNameMapper,
    '^vitest$': `${connectRedis}/vitest.ts`,
    '^\\./$': `${connectRedis}/store.ts`,
    '^\\./testdata/server$': `${connectRedis}/server.ts`,
  },
};
