
M
PlaceholderPlaceholder*
dtype0*$
shape:ÿÿÿÿÿÿÿÿÿ	
}
	AvgPool_7AvgPoolPlaceholder*
T0*
data_formatNHWC*
ksize
*
paddingVALID*
strides

(
output21Identity	AvgPool_7*
T0