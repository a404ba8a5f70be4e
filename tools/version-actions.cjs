// Versions of npm workspaces for `nx release`, in place of those of @nx/js, which needs the API of TypeScript 6.
const { execFileSync } = require('node:child_process');
const { join } = require('node:path');
const { VersionActions } = require('nx/release');

const COLLECTIONS = ['dependencies', 'devDependencies', 'peerDependencies', 'optionalDependencies'];
const read = (tree, path) => JSON.parse(tree.read(path, 'utf8'));
const write = (tree, path, json) => tree.write(path, `${JSON.stringify(json, null, 2)}\n`);

class NpmVersionActions extends VersionActions {
  validManifestFilenames = ['package.json'];

  async readCurrentVersionFromSourceManifest(tree) {
    const manifestPath = join(this.projectGraphNode.data.root, 'package.json');
    return { currentVersion: read(tree, manifestPath).version, manifestPath };
  }

  async readCurrentVersionFromRegistry() {
    return null;
  }

  async readCurrentVersionOfDependency(tree, graph, dependency) {
    const manifest = read(tree, join(this.projectGraphNode.data.root, 'package.json'));
    const name = graph.nodes[dependency].data.metadata?.js?.packageName ?? dependency;
    const collection = COLLECTIONS.find((c) => manifest[c]?.[name] !== undefined) ?? null;
    return { currentVersion: collection ? manifest[collection][name] : null, dependencyCollection: collection };
  }

  async updateProjectVersion(tree, newVersion) {
    return this.manifestsToUpdate.map(({ manifestPath }) => {
      write(tree, manifestPath, { ...read(tree, manifestPath), version: newVersion });
      return `New version ${newVersion} written to ${manifestPath}`;
    });
  }

  async updateProjectDependencies(tree, graph, updates) {
    const logs = [];
    for (const { manifestPath } of this.manifestsToUpdate) {
      const manifest = read(tree, manifestPath);
      for (const [project, version] of Object.entries(updates)) {
        const name = graph.nodes[project].data.metadata?.js?.packageName ?? project;
        for (const c of COLLECTIONS) if (manifest[c]?.[name]) manifest[c][name] = version;
        logs.push(`Dependency ${name} set to ${version} in ${manifestPath}`);
      }
      write(tree, manifestPath, manifest);
    }
    return logs;
  }
}

module.exports = NpmVersionActions;
module.exports.default = NpmVersionActions;
module.exports.afterAllProjectsVersioned = async (cwd, { dryRun }) => {
  if (!dryRun) execFileSync('npm', ['install', '--package-lock-only', '--ignore-scripts'], { cwd, stdio: 'inherit' });
  return { changedFiles: ['package-lock.json'], deletedFiles: [] };
};
