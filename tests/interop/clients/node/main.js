// The Node client's scenarios by name: `node main.js NAME URL`. One that throws fails.
"use strict";

const scenarios = {
  ...require("./messages.js"),
  ...require("./lifecycle.js"),
  ...require("./limits.js"),
};

const [name, url] = process.argv.slice(2);

scenarios[name](url).then(
  () => process.exit(0),
  (error) => {
    console.log(error.stack);
    process.exit(1);
  },
);
