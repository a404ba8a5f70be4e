/** Who decided: Redis; or this process, by a refusal it remembers, or alone while Redis is away; or nobody. */
export type SourceView = 'redis' | 'deny-cache' | 'local' | 'unavailable';

/** What a policy of the playground is, and what a visitor has left of it. */
export interface PolicyView {
  readonly name: string;
  readonly algorithm: 'token-bucket' | 'fixed-window' | 'sliding-window' | 'sliding-log' | 'concurrency';
  readonly limit: number;
  readonly windowMs: number;
  readonly remaining: number;
  /** Milliseconds until nothing of the limit is used, if nothing more is asked for. */
  readonly resetAfterMs: number;
}

export interface LimitsView {
  readonly source: SourceView;
  readonly policies: readonly PolicyView[];
}

/** What became of a request, whether it passed (200) or not (429); the fields of the response say the rest. */
export interface AnswerView {
  readonly allowed: boolean;
  readonly source: SourceView;
  /** Milliseconds until a request like it could pass; 0 where it passed. */
  readonly retryAfterMs: number;
  /** Names of the policies that refused it. */
  readonly refusedBy: readonly string[];
  /** Names of the shadow policies that would have refused it. */
  readonly wouldRefuse: readonly string[];
}
