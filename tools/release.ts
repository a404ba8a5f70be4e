// npm run release: says what a release of all packages would be. With --go it is made: versions, changelog, commit and tag.
// What is in it comes from the plans that `npx nx release plan` has written to .nx/version-plans.
import { parseArgs } from 'node:util';
import { releaseChangelog, releaseVersion } from 'nx/release/index.js';

const { values } = parseArgs({
  options: { go: { type: 'boolean', default: false }, first: { type: 'boolean', default: false } },
});
const dryRun = !values.go;
// --first: there is no tag yet
const common = { dryRun, firstRelease: values.first };

const { workspaceVersion, projectsVersionData, releaseGraph } = await releaseVersion(common);
await releaseChangelog({
  ...common,
  version: workspaceVersion ?? null,
  versionData: projectsVersionData,
  releaseGraph,
});
console.log(
  dryRun
    ? 'Nothing was changed. npm run release -- --go makes it.'
    : 'Tagged. What is left: git push --follow-tags, then npm publish --workspaces --access public (without the private ones).',
);
