import preset from '../jest.preset.js';

export default { ...preset, displayName: 'scenarios', testMatch: ['<rootDir>/**/*.spec.ts'] };
