/**
 * Makes Mesa's lavapipe, a software Vulkan device, compute on a single thread. With several threads it frees memory
 * twice. Import this before a device is opened.
 */
process.env['LP_NUM_THREADS'] ??= '0';
