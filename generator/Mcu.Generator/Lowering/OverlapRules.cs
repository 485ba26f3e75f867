using Mcu.Generator.Graphs;
using Mcu.Generator.Operators;

namespace Mcu.Generator.Lowering;

/// <summary>How far behind its input an output must start so that a forward walk never overwrites what it still needs.</summary>
public static class OverlapRules
{
    /// <summary>
    /// A kernel that reads the windows of <paramref name="block"/> output pixels before it writes them: the largest
    /// excess, after any block but the last, of bytes written over the first input byte still needed.
    /// </summary>
    public static int BlockedWindow(Window2D window, Shape x, Shape y, int block)
    {
        long[] needed = FirstNeeded(window, x, y);
        long distance = -x.Elements;
        for (int end = block; end < needed.Length - 1; end += block)
        {
            distance = Math.Max(distance, ((long)end * y[3]) - needed[end]);
        }

        return checked((int)distance);
    }

    /// <summary>A pool, which writes one channel of a pixel after reading that channel's window.</summary>
    public static int ChannelWise(Window2D window, Shape x, Shape y)
    {
        long[] needed = FirstNeeded(window, x, y);
        long distance = -x.Elements;
        for (int pixel = 0; pixel < needed.Length - 1; pixel++)
        {
            distance = Math.Max(distance, ((long)pixel * y[3]) - needed[pixel]);
            if (pixel + 1 < needed.Length - 1)
            {
                distance = Math.Max(distance, ((pixel + 1L) * y[3]) - needed[pixel + 1]);
            }
        }

        return checked((int)distance);
    }

    /// <summary>Per output pixel the first input byte that it or any later pixel reads; one more entry for the end.</summary>
    private static long[] FirstNeeded(Window2D window, Shape x, Shape y)
    {
        int pixels = y[1] * y[2];
        var needed = new long[pixels + 1];
        needed[pixels] = long.MaxValue;
        for (int pixel = pixels - 1; pixel >= 0; pixel--)
        {
            int iy = Clip((pixel / y[2] * window.StrideH) - window.Padding.Top, x[1]);
            int ix = Clip((pixel % y[2] * window.StrideW) - window.Padding.Left, x[2]);
            needed[pixel] = Math.Min(needed[pixel + 1], (((long)iy * x[2]) + ix) * x[3]);
        }

        return needed;
    }

    private static int Clip(int start, int extent) => Math.Clamp(start, 0, extent - 1);
}
