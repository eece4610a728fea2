// /widget.js: the chat of a shop on its own web site (docs/chat.md, "The widget").
//     <script src="https://host/widget.js" data-business="slug" data-key="wk_..." async></script>
import {readConfig} from './config.ts';
import {View} from './view.ts';

const NAME = 'voiceagent-chat';

function begin(tag: HTMLScriptElement) {
  const config = readConfig(tag);
  if (!config) return console.warn('voiceagent: the script tag needs data-business and data-key');
  if (!document.querySelector(NAME)) new View(document.createElement(NAME), config);
}

// currentScript is not there for modules; such a tag is found by what it says.
const tag = document.currentScript ?? document.querySelector('script[data-business][data-key][src]');
if (tag instanceof HTMLScriptElement) {
  if (document.body) begin(tag);
  else addEventListener('DOMContentLoaded', () => begin(tag), {once: true});
}
