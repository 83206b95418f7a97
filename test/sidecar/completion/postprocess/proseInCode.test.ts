import { testShown } from './shownCases.ts';

const sentence = 'This script builds the whole project';

testShown({
  'prose near a text of several lines': [
    {
      name: 'is kept in a here document of a shell',
      document: 'usage() {\n  cat <<EOF\n‸\nEOF\n}',
      model: sentence,
      shown: sentence,
      languageId: 'shellscript',
    },
    {
      name: 'is kept in a here document with a space before its name',
      document: "cat << 'EOF'\n‸\nEOF",
      model: sentence,
      shown: sentence,
      languageId: 'shellscript',
    },
    {
      name: 'is kept in a here document of Ruby',
      document: 'sql = <<~SQL\n  ‸\nSQL',
      model: sentence,
      shown: sentence,
      languageId: 'ruby',
    },
    {
      name: 'is kept in a help comment of PowerShell',
      document: '<#\n.SYNOPSIS\n    ‸\n#>',
      model: sentence,
      shown: sentence,
      languageId: 'powershell',
    },
    {
      name: 'is dropped behind a here document',
      document: 'cat <<EOF\nUsage\nEOF\n‸',
      model: sentence,
      shown: '',
      languageId: 'shellscript',
    },
    {
      name: 'is dropped behind a help comment',
      document: '<#\n.SYNOPSIS\n#>\n‸',
      model: sentence,
      shown: '',
      languageId: 'powershell',
    },
    {
      name: 'is kept in a docstring far behind the beginning of another one',
      document: `def f():\n    """Adds.\n${'    a line of it\n'.repeat(300)}    """\n${'    a += 1\n'.repeat(500)}\n\ndef g():\n    """Adds.\n\n    ‸\n    """`,
      model: sentence,
      shown: sentence,
      languageId: 'python',
    },
    { name: 'is dropped behind a shift', document: 'x = 1<<BITS\n‸', model: sentence, shown: '', languageId: 'python' },
    {
      name: 'is dropped behind << that appends',
      document: 'list << ITEM\n‸',
      model: sentence,
      shown: '',
      languageId: 'ruby',
    },
    {
      name: 'is dropped behind a shift of Ruby',
      document: 'a = flags & (1<<BIT)\n‸',
      model: sentence,
      shown: '',
      languageId: 'ruby',
    },
    {
      name: 'is dropped behind a shift of a shell',
      document: 'if (( flags & (1 << BIT) )); then\n  ‸',
      model: sentence,
      shown: '',
      languageId: 'shellscript',
    },
    {
      name: 'is dropped behind a here string',
      document: 'grep a <<<"TEXT"\n‸',
      model: sentence,
      shown: '',
      languageId: 'shellscript',
    },
  ],
});
