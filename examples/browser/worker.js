'use strict';
// Runs the program beside the page, which stays alive while it computes. A message is {id, call, file}: the answer has the id too.
importScripts('wasm_exec.js');
const ready = (async () => {
  const go = new Go(), got = await fetch('longtail.wasm');
  if (!got.ok) throw new Error('longtail.wasm: ' + got.status + ' ' + got.statusText);
  const {instance} = await WebAssembly.instantiate(await got.arrayBuffer(), go.importObject);
  go.run(instance);
})();
onmessage = async ({data: {id, call, file}}) => {
  try {
    await ready;
    postMessage({id, ...JSON.parse(self[call](new Uint8Array(file)))});
  } catch (e) {
    postMessage({id, error: e.message});
  }
};
