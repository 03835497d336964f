// Runs ONNX files in ONNX Runtime: NODE_PATH=…/node_modules node run.js MODEL INPUT DIMS BATCH OUT […]
// INPUT holds float32 of shape DIMS, "1000,32,32,3"; they are computed BATCH at once. Each output goes to OUT.NAME.
const ort = require('onnxruntime-node'), fs = require('fs');
async function run(model, input, dims, batch, out) {
  const shape = dims.split(',').map(Number), raw = fs.readFileSync(input);
  const all = new Float32Array(raw.buffer, raw.byteOffset, raw.length / 4), each = all.length / shape[0];
  const session = await ort.InferenceSession.create(model, { intraOpNumThreads: 2 });
  const parts = {};
  for (let at = 0; at < shape[0]; at += +batch) {
    const n = Math.min(+batch, shape[0] - at);
    const x = new ort.Tensor('float32', all.slice(at * each, (at + n) * each), [n, ...shape.slice(1)]);
    const y = await session.run({ [session.inputNames[0]]: x });
    for (const name of session.outputNames) (parts[name] ||= []).push(Buffer.from(y[name].data.buffer, y[name].data.byteOffset, y[name].data.byteLength));
  }
  for (const name in parts) fs.writeFileSync(out + '.' + name, Buffer.concat(parts[name]));
}
(async () => {
  for (let args = process.argv.slice(2); args.length > 0; args = args.slice(5)) await run(...args.slice(0, 5));
})().catch(e => { console.error(e.message); process.exit(1); });
