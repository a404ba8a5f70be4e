import './shell/base.css';
import { render } from 'preact';
import { openLive } from './live/stream.js';
import { App } from './shell/app.js';

openLive();
render(<App />, document.getElementById('app') as HTMLElement);
