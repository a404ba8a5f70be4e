// Required into every process of a covered run: what it and its Jest sandboxes define gets counters. CommonJS and without an import, since
// it is loaded into the worker threads of other people's compilers as well, whose main thread may be waiting for them.
const { subscribe } = require('node:diagnostics_channel');

subscribe('redis-functions:define', (definition) => {
  const { withCoverage } = require('@redis-functions/testing/coverage');
  definition.code = withCoverage(definition.code);
});
