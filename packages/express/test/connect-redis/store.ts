/** In the place of connect-redis's own store. */
export { SessionStore as RedisStore } from '../../src/index.js';
