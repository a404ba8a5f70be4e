import { CliError } from '../output/cli-error.js';

/** Of libraries, and of variables in TypeScript. */
const NAME = /^[a-z][a-z0-9]*(?:_[a-z0-9]+)*$/;

/** @throws CliError, given wrongly. */
export function assertName(name: string): void {
  if (!NAME.test(name)) throw new CliError(`${name} is no name. Begin with a letter; small letters, digits and _.`, 2);
}
