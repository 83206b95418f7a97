/** The compiled libraries by platform. Written by `.scripts/buildKernels.ts`. */
export const builtLibraries: Readonly<Record<string, { readonly file: string; readonly sha256: string }>> = {
  'linux-x64': {
    file: 'chorus-kernels-linux-x64.so',
    sha256: '90371fe224e4b87850e3158efe8e88c176678f5bc1d359cd31143c7089b3ac29',
  },
  'win32-x64': {
    file: 'chorus-kernels-win32-x64.dll',
    sha256: 'd76652c78597141694f01ab2c2402855ecf6e5d9664ab2920e138ef45d92ab12',
  },
  'darwin-x64': {
    file: 'chorus-kernels-darwin-x64.dylib',
    sha256: '87b4c71babaf8f26332f4a6ecb5c2c98f48caa2801886b01c0ced65737159564',
  },
};
