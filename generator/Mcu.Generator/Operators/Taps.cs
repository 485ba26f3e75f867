namespace Mcu.Generator.Operators;

/// <summary>
/// The kernel taps of one output position along one axis that lie inside the image.
/// </summary>
/// <param name="First">First kernel index inside the image.</param>
/// <param name="Count">Number of such taps.</param>
/// <param name="Start">Image position of the first.</param>
/// <param name="Step">Dilation.</param>
internal readonly record struct Taps(int First, int Count, int Start, int Step)
{
    public int Position(int tap) => Start + (tap * Step);

    public static Taps Of(int output, int stride, int padding, int dilation, int kernel, int extent)
    {
        long origin = ((long)output * stride) - padding;
        long first = origin < 0 ? (-origin + dilation - 1) / dilation : 0;
        long start = origin + (first * dilation);
        long fit = start >= extent ? 0 : ((extent - 1 - start) / dilation) + 1;
        long count = Math.Max(0, Math.Min(kernel - first, fit));
        return count == 0 ? new Taps(0, 0, 0, dilation) : new Taps((int)first, (int)count, (int)start, dilation);
    }
}
