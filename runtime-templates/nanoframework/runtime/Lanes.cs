namespace Mcu.Runtime
{
    /// <summary>
    /// Three int8 values in the 21-bit lanes of one long: one multiplication by a fourth value multiplies all three, and sums of
    /// products stay apart as long as each lane's sum stays below 2^20 in size. Lane by lane from the lowest, a sum is read
    /// sign-extended and taken away.
    /// </summary>
    internal static class Lanes
    {
        /// <summary>
        /// Rows three by three: element g*depth + k holds column k of rows 3g, 3g+1 and 3g+2; rows beyond the last count as zero, and the
        /// number of groups is rounded up to even.
        /// </summary>
        internal static long[] PackRows(sbyte[] weights, int rows, int depth)
        {
            int groups = (rows + 5) / 6 * 2;
            long[] packed = new long[groups * depth];
            for (int row = 0; row < rows; row++)
            {
                int lane = 21 * (row % 3);
                int to = row / 3 * depth;
                int from = row * depth;
                for (int k = 0; k < depth; k++)
                {
                    packed[to + k] += (long)weights[from + k] << lane;
                }
            }

            return packed;
        }
    }
}
