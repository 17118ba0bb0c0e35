// For each HTML file: what some mail program does not know, or knows in part, as lines of JSON.
import { readFileSync } from 'node:fs';
import { caniemail, formatIssue } from 'caniemail';

for (const file of process.argv.slice(2)) {
  const { issues } = caniemail({ clients: ['*'], html: readFileSync(file, 'utf8') });
  for (const [kind, found] of [['error', issues.errors], ['warning', issues.warnings]]) {
    for (const [client, list] of found) {
      for (const issue of list) {
        const { notes } = formatIssue({ client, issue, issueType: kind });
        console.log(JSON.stringify({ file, kind, client, title: issue.title, notes }));
      }
    }
  }
}
