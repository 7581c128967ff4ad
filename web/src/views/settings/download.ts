/** Hands a file to the person: the browser saves it where it saves downloads. */
export function downloadAs(blob: Blob, name: string): void {
  const address = URL.createObjectURL(blob);
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  // The browser has begun to read it by then; without this the file stays in memory as long as the page.
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
