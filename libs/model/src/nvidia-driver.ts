import { existsSync } from 'node:fs';

/** Whether an NVIDIA driver is loaded, without starting anything; on Windows the driver's own library tells. */
export function hasNvidiaDriver(): boolean {
  const signs = ['/proc/driver/nvidia/version', '/dev/nvidiactl', 'C:\\Windows\\System32\\nvcuda.dll'];
  return signs.some((path) => existsSync(path));
}
