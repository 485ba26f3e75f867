namespace Mcu.Generator.Calibration;

/// <summary>How an activation's range is chosen from calibration samples.</summary>
public enum CalibrationMethod
{
    /// <summary>Smallest and largest value seen.</summary>
    MinMax,

    /// <summary>The range that leaves out <see cref="RangeChooser.TailFraction"/> of the values at each end.</summary>
    Percentile,

    /// <summary>The range with the least mean squared quantisation error over a histogram.</summary>
    Mse,
}

/// <summary>A closed range of real values; always holds zero, so that zero is exact.</summary>
public readonly record struct ActivationRange(float Min, float Max);
