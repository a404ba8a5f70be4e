import { readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { jestConfigOf } from '../new/project.js';
import { type NewFile, planNew, writeFiles } from '../new/write-new.js';
import { writeWhole } from '../output/write-file.js';
import { JEST_CONFIG, JEST_CONFIG_FILE, nextSteps } from './jest-config.js';
import { type ManifestFile, missingScripts, readManifest, withScripts } from './manifest.js';

export interface SetupStep {
  readonly action: 'write' | 'change' | 'keep';
  /** From the project's folder. */
  readonly file: string;
  readonly detail: string;
}

export interface Setup {
  readonly steps: readonly SetupStep[];
  /** What a person does then. */
  readonly next: readonly string[];
  readonly files: readonly NewFile[];
  readonly manifest: ManifestFile;
  readonly scripts: Readonly<Record<string, string>>;
}

/** Looks at everything before anything is written. @throws CliError for what cannot be set up. */
export async function planSetup(project: string, name: string): Promise<Setup> {
  const manifest = await readManifest(project);
  const config = await jestConfigOf(project, manifest.content);
  const hasLibraries = (await readdir(join(project, 'lua')).catch(() => [])).some((file) => file.endsWith('.lua'));
  const library = hasLibraries ? [] : await planNew(project, name, 'jest');
  const jest = config === undefined ? [{ file: join(project, JEST_CONFIG_FILE), content: JEST_CONFIG }] : [];
  const files = [...library, ...jest];
  const scripts = missingScripts(manifest.content);
  const names = Object.keys(scripts);
  const steps: SetupStep[] = [
    ...files.map(({ file }) => ({ action: 'write' as const, file: relative(project, file), detail: '' })),
    ...(hasLibraries ? [{ action: 'keep' as const, file: 'lua', detail: 'it has libraries' }] : []),
    ...(config === undefined ? [] : [{ action: 'keep' as const, file: config, detail: 'the configuration of Jest' }]),
    names.length > 0
      ? { action: 'change', file: 'package.json', detail: `scripts ${names.join(', ')}` }
      : { action: 'keep', file: 'package.json', detail: 'it has the scripts' },
  ];
  return { steps, next: await nextSteps(project, manifest.content, config), files, manifest, scripts };
}

export async function setUp({ files, manifest, scripts }: Setup): Promise<void> {
  await writeFiles(files);
  // last: its scripts name what is there by now
  if (Object.keys(scripts).length > 0) await writeWhole(manifest.file, Buffer.from(withScripts(manifest, scripts)));
}
