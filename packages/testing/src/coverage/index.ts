export type { LuaCoverage } from './coverage-map.js';
export { luaFolderOf } from './lua-files.js';
export type { LineCount } from './report.js';
export { countLines, toTable, writeReports } from './report.js';
export { coverageEnvironment, readCoverage } from './run.js';
export { withCoverage } from './with-coverage.js';
