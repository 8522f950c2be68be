// SPDX-License-Identifier: MIT
// Judges HTTP archives: node validate.js FOLDER FILE..., where FOLDER has har-validator.
const { createRequire } = require('module');
const { readFileSync } = require('fs');
const [folder, ...files] = process.argv.slice(2);
const { har } = createRequire(`${folder}/`)('har-validator');

for (const file of files)
	har(JSON.parse(readFileSync(file))).catch((e) => {
		console.log(file, JSON.stringify((e.errors || [String(e)]).slice(0, 5)));
		process.exitCode = 1;
	});
