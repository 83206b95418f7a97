/**
 * Mesa's lavapipe, a Vulkan device for machines that have none, frees things twice where it computes on several
 * threads: whoever imports this has it compute on one. Import it before a device is opened.
 */
process.env['LP_NUM_THREADS'] ??= '0';
