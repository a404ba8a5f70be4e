/** What jest-preset.js sets: by names alone, so that no types of Jest are needed where it is used. */
declare const preset: {
  readonly testEnvironment: string;
  readonly reporters: readonly string[];
  readonly testTimeout: number;
};
export default preset;
