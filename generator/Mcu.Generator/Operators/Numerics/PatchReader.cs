using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;

namespace Mcu.Generator.Operators.Numerics;

/// <summary>Gathers the window of one output position as <c>x − zero point</c>; zero where padding lies.</summary>
public static class PatchReader
{
    /// <param name="x">Int8 NHWC input.</param>
    /// <param name="position">Index over N, output height and output width.</param>
    /// <param name="y">Output shape.</param>
    /// <param name="firstChannel">First input channel.</param>
    /// <param name="patch"><c>[KH,KW,channels]</c>, written.</param>
    public static void Read(TensorValue x, Window2D window, int position, Shape y, int firstChannel, int channels, int zeroPoint, Span<int> patch)
    {
        (int batch, int oy, int ox) = (position / (y[1] * y[2]), position / y[2] % y[1], position % y[2]);
        (int height, int width, int depth) = (x.Shape[1], x.Shape[2], x.Shape[3]);
        int write = 0;
        for (int ky = 0; ky < window.KernelH; ky++)
        {
            int iy = (oy * window.StrideH) - window.Padding.Top + (ky * window.DilationH);
            for (int kx = 0; kx < window.KernelW; kx++, write += channels)
            {
                int ix = (ox * window.StrideW) - window.Padding.Left + (kx * window.DilationW);
                Span<int> cell = patch.Slice(write, channels);
                if (iy < 0 || iy >= height || ix < 0 || ix >= width)
                {
                    cell.Clear();
                    continue;
                }

                ReadOnlySpan<sbyte> pixel = x.Int8.AsSpan((((((batch * height) + iy) * width) + ix) * depth) + firstChannel, channels);
                for (int c = 0; c < channels; c++)
                {
                    cell[c] = pixel[c] - zeroPoint;
                }
            }
        }
    }
}
