// Splits ESC/POS with npos: node npos.js FOLDER < bytes > JSON.
// FOLDER holds node_modules/npos. npos has no rule for GS ( k, so one is added.
'use strict';
const fs = require('fs');
const path = require('path');
const lib = path.join(process.argv[2], 'node_modules', 'npos', 'lib');
const symbols = require(path.join(lib, 'parser', 'symbols'));
require(path.join(lib, 'parser', 'rules'))[symbols.GS]['(k'] = [0, 'd16'];
const Parser = require(path.join(lib, 'parser'));
const raster = require(path.join(lib, 'codecs', 'raster'));

const raw = fs.readFileSync(0);
const out = new Parser().analyze(raw);
if (out.error) {
  throw out.error;
}
process.stdout.write(JSON.stringify(out.tree.map(function (node) {
  const item = {cmd: node.ascii + (node.fn || ''), hex: raw.slice(node.offset, node.offset + node.length).toString('hex')};
  if (item.cmd === 'GSv0') {
    const image = raster.decode(raw, [{offset: node.offset}]);
    item.width = image.width;
    item.height = image.height;
    item.dots = '';
    for (let y = 0; y < image.height; y++) {
      for (let x = 0; x < image.width; x++) {
        item.dots += image.getPixel(x, y) === 0 ? '1' : '0';
      }
    }
  }
  return item;
})));
