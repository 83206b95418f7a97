import { testShown } from './shownCases.ts';

testShown({
  'a closer like the closer above': [
    {
      name: 'closes another block of a template at another depth',
      document: '  {% if a %}\n    {% if b %}\n      x\n    {% endif %}\n  ‸',
      model: '{% endif %}',
      shown: '{% endif %}',
      languageId: 'jinja-html',
    },
    {
      name: 'closes another loop at another depth',
      document: '@foreach ($a as $b)\n  @foreach ($b as $c)\n  @endforeach\n‸',
      model: '@endforeach',
      shown: '@endforeach',
      languageId: 'blade',
    },
    {
      name: 'closes another element at another depth',
      document: '<section>\n  <section>\n  </section>\n‸',
      model: '</section>',
      shown: '</section>',
      languageId: 'html',
    },
    {
      name: 'closes another component at another depth',
      document: 'return (\n  <TableRow>\n    <TableRow>\n    </TableRow>\n  ‸',
      model: '</TableRow>',
      shown: '</TableRow>',
      languageId: 'typescriptreact',
    },
    {
      name: 'closes another condition of CMake at another depth',
      document: 'if(A)\n  if(B)\n  endif()\n‸',
      model: 'endif()',
      shown: 'endif()',
      languageId: 'cmake',
    },
    {
      name: 'closes another block of Visual Basic at another depth',
      document: 'Module A\n  Sub B()\n    End Select\n  ‸',
      model: 'End Select',
      shown: 'End Select',
      languageId: 'vb',
    },
    {
      name: 'is a repetition at the same depth',
      document: '  <section>\n  </section>\n  ‸',
      model: '</section>',
      shown: '',
      languageId: 'html',
    },
  ],
  'another line like the line above': [
    {
      name: 'is a repetition even at another depth',
      document: 'if a:\n    return None\n‸',
      model: 'return None',
      shown: '',
      languageId: 'python',
    },
    {
      name: 'is a repetition if a name begins like a closer',
      document: 'if a:\n    endpoint = "/users"\n‸',
      model: 'endpoint = "/users"',
      shown: '',
      languageId: 'python',
    },
    {
      name: 'is a repetition if another name begins like a closer',
      document: 'if (a) {\n    endTime = now();\n‸',
      model: 'endTime = now();',
      shown: '',
    },
  ],
});
