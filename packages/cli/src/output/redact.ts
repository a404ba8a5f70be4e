/** User name and password of any URL in a text, whoever wrote it; up to the last @, since passwords have some too. */
const CREDENTIALS = /\b((?:redis|valkey)s?:\/\/)\S*@/g;

export function redact(text: string): string {
  return text.replace(CREDENTIALS, '$1…@');
}
